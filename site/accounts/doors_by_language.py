"""Sign-in doors below a language prefix."""

urlpatterns: list = []
