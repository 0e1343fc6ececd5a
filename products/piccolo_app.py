"""Tells Piccolo of this package's tables and migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="products",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=table_finder(modules=["products.tables"], exclude_imported=True),
    migration_dependencies=["kernel.piccolo_app"],
)
