/** Release: ask until collect says that the money settled, or that the Pixel stays silent. */

import { maySend, mayTell } from './consent.js';
import { obey } from './obey.js';
import { isAway, post, wait } from './page.js';
import { tell } from './pixel.js';

// The webhook usually overtakes the buyer; a bank's approval can take a minute.
const ASKED_FOR = 120_000; // Milliseconds.
const LONGEST_PAUSE = 15_000;

/** Who wants to hear of it. */
export const listening = [];
export let released;
let question;
let isAsking;

/** Somebody may have bought: keep what to ask, if it is anything, until the visitor's answer lets us. */
export const wonder = (asked) => {
  question ??= asked;
  obey();
};

/** Fire the Pixel's Purchase when collect says that the money settled; it says so once. */
export const askForRelease = async () => {
  if (isAsking || !question) return;
  isAsking = true;
  let release;
  for (let asked = 0, pause = 500; asked < ASKED_FOR && maySend(); asked += pause) {
    const answer = await post('release', question);
    release = isAway(answer) ? { status: 'pending' } : await answer.json();
    if (release.status !== 'pending') break;
    await wait((pause *= 1.5));
  }
  question = isAsking = undefined;
  const { status, event_id, value, currency, contents } = release;
  if (status !== 'released' || !mayTell()) return;
  const cart = contents[0] && { contents, content_type: 'product' };
  tell({ event_name: 'Purchase', event_id, custom_data: { value, currency, ...cart } });
  released = release;
  for (const callback of listening.splice(0)) callback(release);
};
