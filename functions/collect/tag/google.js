/** Google: what a page tells Google in the dataLayer concerns us too. */

import { hearConsentMode } from './consent.js';
import { dataset, load, warn } from './page.js';
import { wonder } from './release.js';
import { track } from './track.js';

/** Read gtag(command, name, said), or a tag manager's {event, ecommerce}. */
export const read = (entry) => {
  const [command, name, said] = entry[0]
    ? entry
    : ['event', entry.event, { ...entry, ...entry.ecommerce }];
  if (command === 'consent') hearConsentMode(name, said);
  // No proof of a sale, but a hint that there may be one.
  if (name === 'purchase') wonder({});
  // Names of a tag manager's own events have a dot (gtm.js).
  if (command === 'event' && /^\w+$/.test(name) && !dataset.ga4) readEvent(name, said).catch(warn);
};

const readEvent = async (name, said) => {
  const [metaName, customData] = (await load('tag_commerce.js')).inMetaWords(name, said);
  if (metaName) track(metaName, customData);
};
