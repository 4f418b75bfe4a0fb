/** Start: what a shop may say to `settled(…)`, and what the tag hears by itself. */

import { followTcf, hear } from './consent.js';
import { read } from './google.js';
import { readMark } from './marks.js';
import { letGo, obey } from './obey.js';
import { leave } from './outbox.js';
import { dataset, overhear, safely } from './page.js';
import { listening, released, wonder } from './release.js';
import { asking, nameSession } from './session.js';
import { track } from './track.js';
import { identify } from './visitor.js';

const COMMANDS = {
  track,
  identify,
  consent: hear,
  session(callback) {
    asking.push(safely(callback));
    nameSession();
  },
  onRelease: (callback) => (released ? callback(released) : listening.push(safely(callback))),
};

const view = () => {
  track('PageView');
  const [, checkout_session_id] = /[?&]session_id=(cs_\w+)/.exec(location.href) ?? [];
  if (checkout_session_id || 'release' in dataset) wonder({ checkout_session_id });
};

/** What follows # is not another page. */
const address = () => location.href.split('#')[0];
let seen = address();
/** A single-page application shows another address. */
const look = () => seen !== (seen = address()) && view();

/** Start, and give the shop's `settled`; `said` is what it said before. */
export const startTag = (said = []) => {
  const settled = safely((verb, ...words) => COMMANDS[verb](...words));
  window.dataLayer ??= [];
  view();
  said.forEach((words) => settled(...words));
  const readAll = (...entries) => entries.forEach(safely(read));
  readAll(...dataLayer);
  followTcf();
  overhear(dataLayer, 'push', readAll);
  overhear(history, 'pushState', look);
  // While they are on their way down, so that a script that stops one does not hide it from us.
  for (const [name, act] of Object.entries({
    click: readMark,
    submit: readMark,
    // Of what comes later than we do: a consent platform, and what is Stripe's.
    load: () => {
      followTcf();
      nameSession();
    },
    // What a script put there later is named before it is followed.
    pointerdown: nameSession,
    online: obey,
    prerenderingchange: obey,
    popstate: look,
    pageshow: ({ persisted }) => persisted && view(),
    pagehide: leave,
    visibilitychange: leave,
  })) {
    addEventListener(name, safely(act), true);
  }
  letGo();
  return settled;
};
