"""What runs networks, imported so that it tells nobody that it is used."""

import os
import sys
from typing import Any


def openvino() -> Any:
    """Return the package."""
    # Without this its import alone reports to Google Analytics (OpenVINO 2026.4); where the
    # package for that is missing, it reports nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def onnxruntime() -> Any:
    """Return the package."""
    # Without this 1.32 reports by default, and keeps a number of this machine in the home folder.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime
