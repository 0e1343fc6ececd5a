"""The doors: HTTP, the command line, the worker. Assembly only; what is decided is decided below.

The application, its processes ........ server.py   create_app, serve; children.py
Who is asking .......................... context.py, keys.py
Health, metrics, what an error means ... health.py
The worker and its timetable ........... worker.py, jobs.py
docs/openapi.json ...................... openapi.py
What a person sees of long work ........ progress.py
What a review proposes becomes limits .. tier_limits.py
Words in Chinese and English ........... locale/{zh_CN,en}.po
"""
