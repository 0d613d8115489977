"""What staff do in Wagtail's editor, as a browser does it."""

from playwright.sync_api import Page

from tests.browser.site import PASSWORD, Site


def sign_in(page: Page, address: str) -> None:
    """Sign in with a demo's password."""
    page.goto("/en/account/login/")
    page.locator("input[name=login]").fill(address)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/my/")


def publish(page: Page) -> None:
    """Press "Publish" in Wagtail's editor, which hides it behind the menu of the footer."""
    button = page.locator("button[name=action-publish]")
    if not button.is_visible():
        page.locator("footer [data-w-dropdown-target=toggle]").first.click()
    button.click()
    page.wait_for_load_state()


def ask_for_translation(page: Page, site: Site, pk: str, locale: str) -> str:
    """Submit a page to wagtail-localize; return the id of its translation once there is one."""
    page.goto(f"/admin/localize/submit/page/{pk}/")
    page.locator(f"input[name=locales][value='{locale}']").check(force=True)
    page.locator("main form button[type=submit], main form input[type=submit]").first.click()
    page.wait_for_url("**/admin/pages/*/edit/**")
    return site.wait_until(
        "from wagtail.models import Page; "
        f"print(Page.objects.filter(translation_key=Page.objects.get(pk={pk}).translation_key, "
        f"locale_id={locale}).values_list('pk', flat=True).first() or '')"
    )
