"""Settings: defaults, every problem at once, no secret in what is printed."""

from pathlib import Path

import pytest

from kernel.settings import CHECKOUT, VARIABLES, Settings, SettingsError, default_home, load_settings


def problems_of(**environ: str) -> dict[str, str]:
    """What is wrong, by variable."""
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return {problem.variable: f"{problem.wrong}; {problem.way_out}" for problem in refused.value.problems}


def test_nothing_set_gives_the_embedded_servers_on_loopback() -> None:
    settings = load_settings({"PATH": "/bin", "HOME": "/nowhere"})
    assert (settings.database_url, settings.redis_url, settings.secret_key) == (None, None, None)
    assert (settings.host, settings.port, settings.processes) == ("127.0.0.1", 8000, 2)
    assert (settings.env, settings.log_level) == ("development", "info")
    assert settings.home == default_home()
    assert settings.data == CHECKOUT.parent / "shared" / "data"


def test_everything_set_is_read() -> None:
    settings = load_settings(
        {
            "TRADELINE_HOME": "/srv/tradeline",
            "TRADELINE_DATA": "/srv/orders",
            "DATABASE_URL": "postgresql://app:a@db/tradeline",
            "TRADELINE_ADMIN_DATABASE_URL": "postgres://owner:o@db:5433/tradeline?sslmode=require",
            "REDIS_URL": "rediss://:r@cache:6380/1",
            "TRADELINE_PG_PORT": "5555",
            "TRADELINE_VALKEY_PORT": "6666",
            "TRADELINE_SECRET_KEY": "s" * 32,
            "TRADELINE_HOST": "0.0.0.0",
            "TRADELINE_PORT": "80",
            "TRADELINE_PROCESSES": "4",
            "TRADELINE_LOG_LEVEL": "WARNING",
            "TRADELINE_ENV": "production",
            "TRADELINE_REQUIRE_ALL": "1",
        }
    )
    assert settings == Settings(
        home=Path("/srv/tradeline"),
        data=Path("/srv/orders"),
        database_url="postgresql://app:a@db/tradeline",
        admin_database_url="postgres://owner:o@db:5433/tradeline?sslmode=require",
        redis_url="rediss://:r@cache:6380/1",
        pg_port=5555,
        valkey_port=6666,
        secret_key="s" * 32,
        host="0.0.0.0",
        port=80,
        processes=4,
        log_level="warning",
        env="production",
    )


def test_an_empty_variable_counts_as_absent() -> None:
    assert load_settings({"REDIS_URL": " ", "TRADELINE_PORT": ""}) == load_settings({})


def test_all_problems_are_told_at_once_with_their_way_out() -> None:
    found = problems_of(
        TRADELINE_PORT="http",
        TRADELINE_PROCESSES="0",
        TRADELINE_LOG_LEVEL="loud",
        REDIS_URL="cache:6379",
        TRADELINE_HOME="here",
    )
    assert found == {
        "TRADELINE_PORT": "is not a whole number in its range; choose 1 to 65535",
        "TRADELINE_PROCESSES": "is not a whole number in its range; choose 1 to 64",
        "TRADELINE_LOG_LEVEL": "is none of the words it may be; choose one of debug, info, warning, error",
        "REDIS_URL": "is not a whole URL of its kind; write it as redis://:PASSWORD@HOST:6379/0",
        "TRADELINE_HOME": "is not an absolute path; begin it with /",
    }


@pytest.mark.parametrize("number", ["65536", "-1", "8e3", "8 000", "٨٠٠٠", "9" * 5000])
def test_a_port_is_a_plain_number_in_range(number: str) -> None:
    assert "TRADELINE_PORT" in problems_of(TRADELINE_PORT=number)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a:b@db/tradeline",
        "postgresql+asyncpg://a:b@db/tradeline",
        "postgresql://a:b@db",
        "postgresql:///tradeline",
        "postgresql://a:b@db:port/tradeline",
        "postgresql://a:b@[db/tradeline",
        "tradeline",
    ],
)
def test_a_database_url_is_whole(url: str) -> None:
    assert "DATABASE_URL" in problems_of(DATABASE_URL=url)


def test_a_mistyped_variable_is_told_with_the_likely_one() -> None:
    assert "did you mean TRADELINE_PORT?" in problems_of(TRADELINE_PROT="1")["TRADELINE_PROT"]
    assert "unset it" in problems_of(TRADELINE_ZZZZZ="1")["TRADELINE_ZZZZZ"]


def test_production_on_a_shared_database_needs_a_shared_key() -> None:
    shared = {"DATABASE_URL": "postgresql://a:b@db/tradeline", "TRADELINE_ENV": "production"}
    assert "must be the same on every machine" in problems_of(**shared)["TRADELINE_SECRET_KEY"]
    assert load_settings({**shared, "TRADELINE_SECRET_KEY": "k" * 32}).env == "production"
    assert load_settings({"TRADELINE_ENV": "production"}).secret_key is None
    assert "32 characters" in problems_of(TRADELINE_SECRET_KEY="k" * 31)["TRADELINE_SECRET_KEY"]


def test_an_admin_url_alone_is_refused() -> None:
    found = problems_of(TRADELINE_ADMIN_DATABASE_URL="postgresql://a:b@db/tradeline")
    assert found == {"TRADELINE_ADMIN_DATABASE_URL": "is set without DATABASE_URL; set both or neither"}


def test_no_password_is_printed() -> None:
    settings = load_settings(
        {"DATABASE_URL": "postgresql://a:hunter2@db/t", "TRADELINE_SECRET_KEY": "hunter2" * 5}
    )
    assert "hunter2" not in f"{settings!r} {settings}"
    with pytest.raises(SettingsError) as refused:
        load_settings({"DATABASE_URL": "postgres:hunter2", "TRADELINE_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_two_checkouts_do_not_share_a_home() -> None:
    one, two = (default_home(Path(parent, "tradeline"), root=True) for parent in ("/a", "/b"))
    assert one != two
    assert {one.parent, two.parent} == {Path("/var/lib/tradeline")}
    assert one.name.startswith("tradeline-")
    assert default_home(Path("/a/tradeline"), root=False) == Path("/a/tradeline/.tradeline")


def test_every_setting_has_its_variable() -> None:
    named = {
        "home",
        "data",
        "pg_port",
        "valkey_port",
        "secret_key",
        "host",
        "port",
        "processes",
        "log_level",
        "env",
    }
    variables = {f"TRADELINE_{name.upper()}" for name in named} | {
        "DATABASE_URL",
        "TRADELINE_ADMIN_DATABASE_URL",
        "REDIS_URL",
        "TRADELINE_REQUIRE_ALL",
    }
    assert set(VARIABLES) == variables
    assert set(Settings.__struct_fields__) == named | {"database_url", "admin_database_url", "redis_url"}
