"""Where Piccolo looks for the engine and the packages with tables."""

from piccolo.conf.apps import AppRegistry

from kernel.db.engine import ENGINE
from kernel.db.migrate import PACKAGES

DB = ENGINE
APP_REGISTRY = AppRegistry(apps=[f"{package}.piccolo_app" for package in PACKAGES])
