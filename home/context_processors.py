"""What every public page shows around its content."""


def site(request):
    return {}
