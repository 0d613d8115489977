"""What a course teaches by its records, for tests that compare it with the pages."""

from learning.models import CoursePage, Module


def path_of(page: CoursePage) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return what is taught now: each module with its units and their minutes."""
    modules = Module.objects.current().filter(course__translation_key=page.translation_key).in_order()
    return [
        (module.title, list(module.units.current().in_order().values_list("title", "minutes"))) for module in modules
    ]
