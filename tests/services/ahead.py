"""Makes the site's first start as a process of its own, beside the tests that do not need it."""

from tests.services.demo import make_first_start

if __name__ == "__main__":
    make_first_start()
