/** Release: ask until collect says that the money settled, or that the Pixel stays silent. */

// The webhook usually overtakes the buyer; a bank's approval can take a minute.
const ASKED_FOR = 120_000; // Milliseconds.
const LONGEST_PAUSE = 15_000;

/** Tell what to ask on this page: undefined where nobody buys, else the body of the question. */
export const questionOf = (url, isMarked) => {
  const { searchParams } = new URL(url);
  const checkout = searchParams.get('session_id') ?? '';
  if (/^cs_\w+$/.test(checkout)) return { checkout_session_id: checkout };
  return isMarked || searchParams.has('settled_release') ? {} : undefined;
};

/** Resolve to the release, or to undefined; `ask` resolves to a Response, `wait` takes ms. */
export const awaitRelease = async (ask, wait) => {
  let pause = 500;
  for (let asked = 0; asked < ASKED_FOR; asked += pause) {
    const answer = await ask().catch(() => null);
    if (answer?.ok) {
      const release = await answer.json().catch(() => ({}));
      if (release.status === 'released') return release;
      if (release.status !== 'pending') return;
    } else if (answer && answer.status < 500 && answer.status !== 429) return;
    await wait((pause = Math.min(pause * 2, LONGEST_PAUSE)));
  }
};

/** Say the release in the Pixel's words. */
export const asPurchase = ({ value, currency, contents }) => ({
  value: +value,
  currency,
  ...(contents?.length && { contents, content_type: 'product' }),
});
