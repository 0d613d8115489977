// The language last chosen is where the address without a language leads. The page itself never sets a cookie, so it
// can be kept for everyone.
for (const link of document.querySelectorAll("nav a[hreflang]")) {
  link.addEventListener("click", () => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `django_language=${link.hreflang}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  });
}
