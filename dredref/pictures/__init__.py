"""What a stream looks and sounds like: a page that stands alone, and figures."""
