for (const replay of document.querySelectorAll(".replay")) {
  const steps = [...replay.querySelectorAll(".steps > li")];
  const jumps = [...replay.querySelectorAll(".jumps a")];
  const controls = replay.querySelector(".controls");
  if (!controls || steps.length < 3) continue;
  const [back, next, all] = controls.querySelectorAll("button");
  const where = controls.querySelector("[role=status]");
  let at = 0, whole = false;
  // One at a time, the state that a step leads to is what the next one begins with.
  const lead = (i) => {
    const seen = i + 1 < steps.length && !steps[i].querySelector(".after") && steps[i + 1].querySelector("dd");
    if (!seen) return;
    const name = document.createElement("dt"), copy = seen.cloneNode(true);
    name.textContent = "Leads to";
    name.classList.add("after");
    copy.classList.add("after");
    steps[i].querySelector("dl").append(name, copy);
  };
  const show = () => {
    if (!whole) lead(at);
    replay.classList.toggle("whole", whole);
    steps.forEach((step, i) => { step.hidden = !whole && i !== at; });
    jumps.forEach((a, i) => { i === at && !whole ? a.setAttribute("aria-current", "step") : a.removeAttribute("aria-current"); });
    // Said to be disabled and not made so: a button that is disabled loses the keyboard's focus.
    back.setAttribute("aria-disabled", whole || at === 0);
    next.setAttribute("aria-disabled", whole || at === steps.length - 1);
    all.textContent = whole ? "One at a time" : "Show all";
    where.textContent = whole ? "All steps are shown." : steps[at].dataset.says;
  };
  const meant = () => {
    const i = steps.findIndex((step) => `#${step.id}` === location.hash);
    if (i >= 0) { at = i; show(); steps[i].scrollIntoView({ block: "nearest" }); }
  };
  const move = (by) => { if (!whole && steps[at + by]) { at += by; show(); } };
  back.onclick = () => move(-1);
  next.onclick = () => move(1);
  all.onclick = () => { whole = !whole; show(); };
  jumps.forEach((a, i) => { a.onclick = (event) => { event.preventDefault(); at = i; whole = false; show(); }; });
  controls.hidden = false;
  at = Math.max(0, steps.findIndex((step) => step.classList.contains("shows")));
  show();
  meant();
  addEventListener("hashchange", meant);
}
