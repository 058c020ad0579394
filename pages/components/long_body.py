"""A request body as a browser can bear it: images in base64 are megabytes of letters that nobody reads."""

import re

_IMAGE = re.compile(rb'"data:(image/[a-z]+);base64,([A-Za-z0-9+/=]{400,})"')


def shortened_images(body: bytes) -> tuple[bytes, int]:
    """The body with each long image cut to its beginning, and how many were cut."""
    return _IMAGE.subn(lambda found: b'"data:%b;base64,%b\xe2\x80\xa6"' % (found[1], found[2][:60]), body)
