"""Three months of a small platform, simulated: textiles and pet supplies.

Who does what on which day ... plan.py   pure, seeded
Done by the use cases ........ play.py
"""
