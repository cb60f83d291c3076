// Decisions on their way: kept in the browser until the server has them on its drive, each under an id of its own, so
// that one sent twice counts once. They leave in the order in which they were made.

import { newId, say, send, stored } from "./page.js";

const PREFIX = "outbox:";
const AGAIN = 1500; // milliseconds until the next attempt
const waiting = new Map(); // key -> what to do with the answer
let running = null;
let count = 0;

const keys = () => stored.names().filter((name) => name.startsWith(PREFIX)).sort();

export const pending = () => keys().length;

function post(path, body) {
  count += 1;
  const key = `${PREFIX}${Date.now().toString(36).padStart(10, "0")}${String(count % 1e6).padStart(6, "0")}:${body.name}`;
  const answered = new Promise((resolve, reject) => waiting.set(key, { resolve, reject }));
  answered.catch(() => {}); // told in the state line
  stored.set(key, JSON.stringify({ path, body }));
  flush();
  return answered;
}

export const decide = (who, decision) => post("api/decide", { name: newId(), who, ...decision });
export const undo = (who) => post("api/undo", { name: newId(), who });

export function flush() {
  running ??= work().finally(() => { running = null; if (keys().length) setTimeout(flush, AGAIN); });
  return running;
}

async function work() {
  for (let left = keys(); left.length; left = keys()) {
    const [key] = left;
    const { path, body } = JSON.parse(stored.get(key) || "{}");
    if (!path) { stored.drop(key); continue; }
    const parts = waiting.get(key) || { resolve() {}, reject() {} };
    try {
      const answer = await send(path, body);
      stored.drop(key);
      parts.resolve(answer);
    } catch (error) {
      if (!error.status || error.status >= 500 || error.status === 404 || error.status === 408) {
        say(`The server does not answer: ${keys().length} ${keys().length === 1 ? "decision waits" : "decisions wait"} in this browser.`, true);
        return;
      }
      stored.drop(key);
      say(`Refused: ${error.message}`, true);
      parts.reject(error);
    }
    waiting.delete(key);
  }
}
