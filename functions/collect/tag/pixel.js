/** Pixel: the browser's copy of an event, under the same id as the server's. */

import { who } from './visitor.js';
import { dataset, safely, script } from './page.js';

// https://developers.facebook.com/documentation/meta-pixel/reference; the rest is trackCustom.
const STANDARD =
  /^(AddPaymentInfo|AddToCart|AddToWishlist|CompleteRegistration|Contact|CustomizeProduct|Donate|FindLocation|InitiateCheckout|Lead|PageView|Purchase|Schedule|Search|StartTrial|SubmitApplication|Subscribe|ViewContent)$/;

/** Load Meta's script, and keep for it what is said until it is there. */
const loadPixel = () => {
  const fbq = (...words) => (fbq.callMethod ? fbq.callMethod(...words) : fbq.queue.push(words));
  Object.assign(fbq, { push: fbq, loaded: true, version: '2.0', queue: [] });
  window._fbq = window.fbq = fbq;
  const element = document.createElement('script');
  element.src = 'https://connect.facebook.net/en_US/fbevents.js';
  element.nonce = script.nonce;
  document.head.append(element);
};

/** Say it to the page's Pixel; where the page defines fbq later than us, once it has loaded. */
const say = (...words) => {
  const speak = safely(() => window.fbq?.(...words));
  if (dataset.pixel === 'none') return;
  if (window.fbq) speak();
  else addEventListener('load', speak);
};

/** Tell the browser's copy; who fires a Pixel from elsewhere reads name and id in the dataLayer. */
export const tell = safely(({ event_name, event_id, custom_data }) => {
  dataLayer.push({ event: 'settled.event', event_name, event_id });
  say(STANDARD.test(event_name) ? 'track' : 'trackCustom', event_name, custom_data, { eventID: event_id });
});

/**
 * Hold fbq to the visitor's answer; it gets the hashes of him that the server gets.
 *
 * `data-pixel` says whose Pixel it is: the shop's own, `load` for ours, or `none`.
 */
export const keepInStep = (mayTell) => {
  const isOurs = mayTell && dataset.pixel === 'load';
  if (isOurs && !window.fbq) loadPixel();
  if (dataset.dataset && mayTell && (isOurs || who)) say('init', dataset.dataset, who);
  // We report a page view of each address; the Pixel's own would have no id.
  if (window.fbq) fbq.disablePushState = true;
  say('consent', mayTell ? 'grant' : 'revoke');
};
