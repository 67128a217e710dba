// Print everything, also where style alone cannot unfold it.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((fold) => { fold.open = true; });
});
addEventListener("afterprint", () => { folded.forEach((fold) => { fold.open = false; }); });
