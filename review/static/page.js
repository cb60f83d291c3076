// What all screens share: elements, questions to the server, the state line, dialogs.

export const find = (id) => document.getElementById(id);

// An element; text is always text, never markup.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const button = (key, words, act, style = "") =>
  h("button", { type: "button", class: style, onclick: act, "aria-keyshortcuts": key || null }, key ? h("kbd", {}, key) : null, key ? " " : "", words);

// The second click of a double click says nothing of what has come up since the first.
export const once = (act) => (event) => { if (!(event.detail > 1)) act(); };

export function say(words, bad = false) {
  find("state").textContent = words;
  find("state").classList.toggle("bad", bad);
}

export async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
  return answer.json();
}

export const send = (path, body) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function span(seconds) {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 3600 ? `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s` : `${(whole / 3600).toFixed(1)} h`;
}

export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}.${String(Math.floor((seconds - whole) * 10))}`;
}

export const stored = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch { say("This browser keeps nothing: a reload may lose what is not sent yet.", true); } },
  drop(name) { try { localStorage.removeItem(name); } catch { /* nothing was kept */ } },
  names() { try { return Object.keys(localStorage); } catch { return []; } },
};

// A dialog that gives what was chosen, null where it was left. choices: [[key, words, value]], entry: a text to begin with.
export function choose(title, choices, { entry = null, known = [] } = {}) {
  const dialog = find("dialog");
  return new Promise((resolve) => {
    let chosen = null;
    const end = (value) => { chosen = value; dialog.close(); };
    const field = entry === null ? null : h("input", { type: "text", value: entry, maxLength: 80, "aria-label": title, list: "known", autocomplete: "off" });
    if (field) field.value = entry;
    const parts = [h("h2", { id: "dialog-title" }, title)];
    if (field) parts.push(field, h("datalist", { id: "known" }, known.map((name) => h("option", { value: name }))));
    parts.push(h("div", { class: "row" },
      choices.map(([key, words, value]) => button(key, words, once(() => end(value)))),
      field ? button("Enter", "Take it", once(() => end(field.value.trim() || null)), "first") : null,
      button("Esc", "Leave", () => end(null))));
    dialog.replaceChildren(...parts);
    dialog.onkeydown = (event) => {
      const hit = choices.find(([key]) => key === event.key);
      if (event.repeat && (event.key === "Enter" || event.target !== field)) event.preventDefault(); // held since before it opened
      else if (event.key === "Enter" && field && event.target === field) { event.preventDefault(); end(field.value.trim() || null); }
      else if (hit && event.target !== field) { event.preventDefault(); end(hit[2]); }
      event.stopPropagation();
    };
    dialog.onclose = () => resolve(chosen);
    dialog.showModal();
    (field || dialog.querySelector("button")).focus();
  });
}
