// Tells a screen reader what changed, no faster than it can be heard.

/**
 * A function that hands its text to `say`, at most once in `gap` milliseconds: what comes sooner
 * waits, and only the last of it is said. The same text is not said twice in a row.
 */
export function announcer(say, gap = 4000, clock = globalThis) {
  let last = "";
  let next = 0;
  let waiting = null;
  let pending = "";
  const speak = () => {
    waiting = null;
    if (pending === last) return;
    last = pending;
    next = clock.performance.now() + gap;
    say(last);
  };
  return (text) => {
    pending = text;
    if (waiting !== null) return;
    const wait = next - clock.performance.now();
    if (wait <= 0) speak();
    else waiting = clock.setTimeout(speak, wait);
  };
}
