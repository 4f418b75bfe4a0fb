/** Obey: do what the visitor's answer allows, and undo what it forbids. */

import { answer, isOpen, maySend, mayTell } from './consent.js';
import { recall } from './memory.js';
import { forget, send } from './outbox.js';
import { post, warn } from './page.js';
import { keepInStep, tell } from './pixel.js';
import { askForRelease } from './release.js';
import { nameSession } from './session.js';

/** What the Pixel hears once it may. */
export const untold = [];
let held = 1; // Until all that was said before the tag came has been heard.
let pixelMay; // What the Pixel was last told of the answer.
let isRefused;

export const obey = () => {
  // A prerendered page decides when it is seen; who says his name has it on what follows.
  if (document.prerendering || held || isOpen()) return;
  if (pixelMay !== mayTell()) keepInStep((pixelMay = mayTell()));
  for (const event of untold.splice(0)) if (pixelMay) tell(event);
  if (maySend()) {
    isRefused = false;
    nameSession();
    send().catch(warn);
    askForRelease().catch(warn);
  } else if (!isRefused) {
    isRefused = true;
    // The session's cookie is out of our sight; Meta's, which collect sets beside it, is not.
    // A refusal must arrive wherever there may be a session, lest a sale be told in its name.
    if (recall().session || /_fb[cp]=/.test(document.cookie)) {
      post('events', { events: [], consent: { source: 'gpc', ...answer } });
    }
    forget();
  }
};

export const hold = () => (held += 1);
export const letGo = () => {
  held -= 1;
  // So that the Pixel hears who it is.
  pixelMay = undefined;
  obey();
};
