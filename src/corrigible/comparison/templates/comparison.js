// Without the script all moments of an episode are shown side by side.
const still = matchMedia("(prefers-reduced-motion: reduce)");
for (const film of document.querySelectorAll(".film")) {
  const frames = [...film.querySelectorAll(".frames > li")];
  const controls = film.querySelector(".controls");
  if (!controls || frames.length < 2) continue;
  const [play, step] = controls.querySelectorAll("button");
  const where = controls.querySelector("[role=status]");
  let at = 0, timer = null;
  const show = () => {
    frames.forEach((frame, i) => { frame.hidden = i !== at; });
    where.textContent = frames[at].dataset.says;
    play.textContent = timer ? "Pause" : "Play";
  };
  const pause = () => { clearInterval(timer); timer = null; };
  const next = () => {
    at = (at + 1) % frames.length;
    if (at === frames.length - 1) pause();
    show();
  };
  play.onclick = () => {
    if (timer) { pause(); show(); return; }
    if (at === frames.length - 1) at = 0;
    timer = setInterval(next, 600);
    show();
  };
  step.onclick = () => { pause(); next(); };
  // Who wants no motion steps through.
  const meant = () => { play.hidden = still.matches; if (still.matches) { pause(); show(); } };
  still.addEventListener("change", meant);
  controls.hidden = false;
  meant();
  show();
}
