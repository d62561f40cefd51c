"""The clients of the SDK, without waiting, against the service in this process."""

from tests.unit.sdk.conftest import _no_settings_from_outside, fake_time, mode

__all__ = ["_no_settings_from_outside", "fake_time", "mode"]
