/** Session: the name that collect gave this visitor, for whoever takes him to a checkout. */

import { maySend } from './consent.js';
import { recall } from './memory.js';

/** Who wants to know it. */
export const asking = [];

/**
 * Give the session to who asked, and to what is Stripe's on the page: Payment Links, buy buttons
 * and pricing tables. A reference of the shop's own stays.
 *
 * https://docs.stripe.com/payment-links/url-parameters: a value with other characters than
 * A-Z a-z 0-9 _ - is dropped there without a word; a session has none.
 */
export const nameSession = () => {
  const session = maySend() && recall().session;
  if (!session) return;
  for (const callback of asking.splice(0)) callback(session);
  for (const element of document.querySelectorAll(
    'a[href^="https://buy.stripe.com/"],stripe-buy-button,stripe-pricing-table',
  )) {
    if (/client.reference.id/.test(element.outerHTML)) continue;
    if (element.href) element.search += `${element.search && '&'}client_reference_id=${session}`;
    else element.setAttribute('client-reference-id', session);
  }
};
