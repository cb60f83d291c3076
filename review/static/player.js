// The one player: what is asked for last is heard, from a second to a second.

import { find, say } from "./page.js";

let until = Infinity;
let told = () => {};
let frame = 0;

const audio = () => find("player");

function follow() {
  const player = audio();
  told(player.currentTime, !player.paused);
  if (player.currentTime >= until && !player.paused) player.pause();
  if (player.paused) return;
  frame = requestAnimationFrame(follow);
}

// Play `address` from second `from` to `to` (of the file); tell(second, playing) follows; resolves when it has ended.
export function play(address, { from = 0, to = Infinity, tell = () => {} } = {}) {
  const player = audio();
  stop();
  until = to;
  told = tell;
  if (player.getAttribute("src") !== address) player.setAttribute("src", address);
  return new Promise((resolve) => {
    player.onpause = () => { cancelAnimationFrame(frame); told(player.currentTime, false); resolve(); };
    player.onended = player.onpause;
    player.onerror = () => { say("That sound cannot be heard.", true); resolve(); };
    const begin = () => {
      player.currentTime = from;
      player.play().then(follow).catch((error) => { if (error.name === "NotAllowedError") say("Press a play button once: the browser asks for it."); resolve(); });
    };
    if (player.readyState >= 1) begin();
    else { player.onloadedmetadata = () => { player.onloadedmetadata = null; begin(); }; player.load(); }
  });
}

export function stop() {
  const player = audio();
  cancelAnimationFrame(frame);
  player.onloadedmetadata = null;
  if (!player.paused) player.pause();
}

export const playing = () => !audio().paused;
export const now = () => audio().currentTime;
