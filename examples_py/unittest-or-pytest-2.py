import pytest


def slug(title):
    return "-".join(title.lower().split())


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Hello  World", "hello-world"), ("one", "one"), ("", "")],
)
def test_slug(title, expected):
    assert slug(title) == expected


@pytest.fixture
def page(tmp_path):
    path = tmp_path / slug("My Page")
    path.write_text("hello", encoding="utf-8")
    return path


def test_page(page):
    print(page.name)    # => my-page
    assert page.read_text(encoding="utf-8") == "hello"


def test_needs_text():
    with pytest.raises(AttributeError):
        slug(None)
