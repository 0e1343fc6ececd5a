"""WHAT IT MEANS: buyer facts and profile, forecast, funnel, portfolio, smart report, PDF, export.

Reads the others; decides nothing. Empty until the data products come (see docs/architecture.md).
"""
