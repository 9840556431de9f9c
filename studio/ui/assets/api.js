// Gradio fetches its page about the API at the first press of the link in the footer; an address that asks for that
// page (?view=api) finds the link pressed but nothing fetched. Pressing twice closes it and opens it in earnest.
if (new URLSearchParams(location.search).get('view') === 'api') {
  const wait = setInterval(() => {
    const link = document.querySelector('footer .show-api');
    if (!link) return;
    clearInterval(wait);
    link.click();
    setTimeout(() => link.click(), 100);
  }, 100);
}
