for (const replay of document.querySelectorAll(".replay")) {
  const steps = [...replay.querySelectorAll(".steps > li")];
  const jumps = [...replay.querySelectorAll(".jumps a")];
  const controls = replay.querySelector(".controls");
  if (!controls || steps.length < 3) continue;
  const [back, next, all] = controls.querySelectorAll("button");
  const where = controls.querySelector("[role=status]");
  let at = 0, whole = false;
  const show = () => {
    steps.forEach((step, i) => { step.hidden = !whole && i !== at; });
    jumps.forEach((a, i) => { i === at && !whole ? a.setAttribute("aria-current", "step") : a.removeAttribute("aria-current"); });
    back.disabled = whole || at === 0;
    next.disabled = whole || at === steps.length - 1;
    all.textContent = whole ? "One at a time" : "Show all";
    where.textContent = whole ? "All steps are shown." : steps[at].dataset.says;
  };
  back.onclick = () => { at -= 1; show(); };
  next.onclick = () => { at += 1; show(); };
  all.onclick = () => { whole = !whole; show(); };
  jumps.forEach((a, i) => { a.onclick = (event) => { event.preventDefault(); at = i; whole = false; show(); }; });
  controls.hidden = false;
  show();
}
