/** Pixel: the browser's copy of an event, under the same id as the server's. */

// https://developers.facebook.com/documentation/meta-pixel/reference; the rest is trackCustom.
const STANDARD =
  /^(AddPaymentInfo|AddTo(Cart|Wishlist)|CompleteRegistration|Contact|CustomizeProduct|Donate|FindLocation|InitiateCheckout|Lead|PageView|Purchase|S(chedule|earch|tartTrial|ubmitApplication|ubscribe)|ViewContent)$/;

/** Give the event to fbq; where the page defines it later than us, once the page has loaded. */
export const tellPixel = (page, name, customData, eventId) => {
  const tell = () =>
    page.fbq?.(STANDARD.test(name) ? 'track' : 'trackCustom', name, customData, { eventID: eventId });
  if (page.fbq || page.document.readyState === 'complete') tell();
  else page.addEventListener('load', tell, { once: true });
};
