import pytest

from core.domain.names import told_apart


@pytest.mark.parametrize(
    ("names", "apart"),
    [
        ((), ()),
        (("a", "b"), ("a", "b")),
        (("a", "a", "b", "a"), ("a", "a (2)", "b", "a (3)")),
        (("a", "a", "a (2)"), ("a", "a (3)", "a (2)")),
        (("a (2)", "a", "a"), ("a (2)", "a", "a (3)")),
    ],
)
def test_no_two_are_called_the_same(names, apart):
    assert told_apart(names) == apart
