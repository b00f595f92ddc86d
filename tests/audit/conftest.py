"""What a shared assertion of these tests compared is shown as in a test itself."""

import pytest

pytest.register_assert_rewrite("tests.audit.scene")
