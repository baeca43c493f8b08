/** Where the focus goes when what had it goes away: to the screen, and not to the begin of the page. */

/** Look for the focus once the page is as it will be; call it as something goes away that has it, or gives it back. */
export function keepFocus(): void {
  setTimeout(() => {
    if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  });
}
