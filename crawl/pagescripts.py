"""The scripts run inside a page: none changes the page, except the click that leads to the next one."""

# Run before the page's own scripts: no dialogue blocks it, no window opens, every shadow root is readable, and the only
# way to connect is the browser's network stack, which goes through the gate.
BEFORE = """
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => null;
window.open = url => {  // of the page's own accord it opens nothing
  if (url && performance.now() - (window.nextClicked || -1e9) < 5000) location.href = url;
  return null;
};
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (options) { return attach.call(this, {...options, mode: "open"}); };
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete window[name];
"""

# All elements that match a selector, in the order of the page, those of shadow roots too.
_ALL = """
const all = (root, selector) => {
  const roots = [root];
  for (let at = 0; at < roots.length && roots.length < 10000; at++)
    for (const part of roots[at].querySelectorAll("*")) if (part.shadowRoot) roots.push(part.shadowRoot);
  return roots.flatMap(root => [...root.querySelectorAll(selector)]);
};
"""

# What is on the page: [[link, title], …] of the items, in the order of the page. An item may have several links, but
# for a player with several sources only the one that it plays, else the first.
ITEMS = (
    _ALL
    + """
const [item, link, title, most] = arguments;
const text = value => typeof value === "string" ? value : value && value.baseVal || "";
const address = from => {
  const href = text(from.href) || text(from.currentSrc) || text(from.src) || from.dataset && (from.dataset.src ||
    from.dataset.href || from.dataset.url) || from.getAttribute("xlink:href") || "";
  try { return href && new URL(href, document.baseURI).href; } catch { return href; }
};
return all(document, item).slice(0, most).flatMap(box => {
  const from = (box.matches(link) ? [box] : []).concat(all(box, link));
  const players = new Set();
  const chosen = from.filter(element => {
    const player = element.closest("audio, video");
    return !player || !players.has(player) && players.add(player);
  });
  const name = title ? all(box, title)[0] : null;
  const links = [...new Set(chosen.slice(0, 100).map(address))].filter(url => url && url.length < 10000);
  return links.map(url => [url, name ? (name.textContent || "").slice(0, 10000) : null]);
});
"""
)

# Click on the link to the next page, in this window. True where there is one.
NEXT = (
    _ALL
    + """
const button = all(document, arguments[0]).find(element =>
  !element.disabled && element.getAttribute("aria-disabled") !== "true" && element.getClientRects().length);
if (!button) return false;
for (const element of [button, button.closest("a, form")]) if (element && element.target) element.target = "_self";
button.ownerDocument.defaultView.nextClicked = performance.now();
button.click();
return true;
"""
)

FRAMES = "return document.querySelector('iframe, frame') !== null;"

SCROLL = "window.scrollTo(0, document.documentElement.scrollHeight);"

# The status of the document itself, as a number; 0 where it is not known.
STATUS = "return (performance.getEntriesByType('navigation')[0] || {}).responseStatus || 0;"

IS_SELECTOR = """
try { document.createDocumentFragment().querySelector(arguments[0]); return true; } catch { return false; }
"""
