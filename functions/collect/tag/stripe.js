/** Stripe: the session's name on everything of Stripe's that a page can lead to by itself. */

/**
 * Write the session into Payment Links, buy buttons and pricing tables; a reference of the shop's
 * own stays.
 *
 * https://docs.stripe.com/payment-links/url-parameters: a value with other characters than
 * A-Z a-z 0-9 _ - is dropped there without a word.
 */
export const nameSession = (document, session) => {
  for (const link of document.querySelectorAll('a[href^="https://buy.stripe.com/"]')) {
    const url = new URL(link.href);
    if (!url.searchParams.has('client_reference_id')) {
      url.searchParams.set('client_reference_id', session);
      link.href = url;
    }
  }
  for (const element of document.querySelectorAll(
    ':is(stripe-buy-button,stripe-pricing-table):not([client-reference-id])',
  )) {
    element.setAttribute('client-reference-id', session);
  }
};
