"""Property tests of the engine: enough examples to find what is wrong, few enough for every run."""

from hypothesis import HealthCheck, settings

SLOW_IS_FINE = [HealthCheck.too_slow]
settings.register_profile("engine", max_examples=300, deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.register_profile("nightly", max_examples=10_000, deadline=None, suppress_health_check=SLOW_IS_FINE)
if settings.get_current_profile_name() == "default":
    settings.load_profile("engine")
