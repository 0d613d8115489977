"""Sign-in doors that lead to allauth."""

urlpatterns: list = []
