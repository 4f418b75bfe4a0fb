/** What the browser remembers for us; a browser that forbids it, or is full, is no reason to fail. */

let spare;

/**
 * Read `{ session, unsent }`: the session's name, and the batches on their way, each under a name of its own.
 *
 * Kept in localStorage; where that is closed, for this page only. Tabs share it, so it is read
 * anew for each change and never held.
 */
export const recall = () => {
  let kept = spare;
  try {
    kept ??= JSON.parse(localStorage.settled);
  } catch {
    // Closed, or nothing there yet.
  }
  return { unsent: {}, ...kept };
};

/** Change what is kept; without `act` forget it. */
export const change = (act) => {
  const state = recall();
  act?.(state);
  spare = undefined;
  try {
    if (act) localStorage.settled = JSON.stringify(state);
    else delete localStorage.settled;
  } catch {
    spare = act && state;
  }
};
