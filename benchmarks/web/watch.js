// Frames of the page, its long tasks, and how soon a change of tabs is drawn, until `over()`.

globalThis.watch = () => {
  const seen = { gaps: [], tasks: [], clicks: [] };
  let on = true;
  new PerformanceObserver((list) => on && seen.tasks.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: "longtask" });
  const frame = (last) => requestAnimationFrame((now) => {
    if (last) seen.gaps.push(now - last);
    if (on) frame(now);
  });
  frame(0);
  const somebody = async () => {
    const tabs = [...document.querySelectorAll("[role=tab]")];
    for (let n = 0; on; n++) {
      const began = performance.now();
      tabs[n % tabs.length].click();
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      seen.clicks.push(performance.now() - began);
      await new Promise((done) => setTimeout(done, 500));
    }
  };
  somebody();
  globalThis.over = () => {
    on = false;
    return seen;
  };
  return true;
};
