/** Track: one event, one id, for the Pixel, for collect, and for whoever else asks. */

import { obey, untold } from './obey.js';
import { add } from './outbox.js';
import { dataset, now, warn, where } from './page.js';

export const track = (event_name, customData = {}, { event_id: given } = {}) => {
  if (/^\s*purchase\s*$/i.test(event_name)) return warn('Stripe reports Purchase');
  // Pages without HTTPS, and old browsers, have no randomUUID.
  const event_id = `${given ?? crypto.randomUUID?.() ?? Math.random()}`;
  // A copy: what cannot be sent throws here, and what changes later stays what it was.
  const custom_data = JSON.parse(JSON.stringify(customData));
  // A value without its currency is none: collect and Meta refuse it.
  if (custom_data.value && !(custom_data.currency ??= dataset.currency)) delete custom_data.value;
  const event = { event_name, event_id, event_time: now(), ...where(), custom_data };
  if (add(event)) untold.push(event);
  obey();
  return event_id;
};
