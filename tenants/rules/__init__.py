"""Pure rules of who: values in, values out.

Roles and the whole permission vocabulary ... roles.py
What an API key looks like, its hash ........ keys.py
What a name, reference or address may be .... inputs.py
"""
