/** What the widget says, in English, German and Spanish; a page may say it otherwise (attribute `strings`). */

const ENGLISH = {
  label: "Search or ask a question",
  placeholder: "Search or ask a question",
  ask: "Ask",
  clear: "Clear",
  results: "Results",
  found: "Results: {n}",
  none: "Nothing found. Ask it as a question, or try other words.",
  noneSearch: "Nothing found. Try other words.",
  hint: "Enter asks. Arrow keys choose a result.",
  asking: "Looking for an answer …",
  waiting: "This takes longer than usual. Please wait …",
  answer: "Answer",
  sources: "Sources",
  source: "Source {n}: {title}",
  untitled: "Untitled",
  notFound: "Nothing here answers that question. Ask it in other words, or search for a single word of it.",
  helpful: "Was this helpful?",
  yes: "Yes",
  no: "No",
  thanks: "Thank you.",
  again: "Try again",
  offline: "You are offline. Check your connection, then try again.",
  unreachable: "The search can't be reached. Check your connection, then try again.",
  slow: "That took too long. Please try again.",
  limited: "Too many requests. Wait {n} seconds, then try again.",
  budget: "No more questions are answered today. Searching still works: type a word of your question.",
  spent: "The search has been used up for today. Please come back tomorrow.",
  unavailable: "This is not available right now. Try again in a moment.",
  refused: "The search is not set up for this page. Please tell whoever runs this site.",
  rejected: "That can't be searched for. Write it shorter, or in other words.",
  failed: "Something went wrong. Please try again.",
  helpfulFailed: "That could not be sent. Please try again.",
};

export type Words = typeof ENGLISH;

const GERMAN: Words = {
  label: "Suchen oder eine Frage stellen",
  placeholder: "Suchen oder Frage stellen",
  ask: "Fragen",
  clear: "Löschen",
  results: "Ergebnisse",
  found: "Ergebnisse: {n}",
  none: "Nichts gefunden. Stellen Sie es als Frage, oder versuchen Sie andere Wörter.",
  noneSearch: "Nichts gefunden. Versuchen Sie andere Wörter.",
  hint: "Eingabe fragt. Pfeiltasten wählen ein Ergebnis.",
  asking: "Eine Antwort wird gesucht …",
  waiting: "Das dauert länger als sonst. Bitte warten …",
  answer: "Antwort",
  sources: "Quellen",
  source: "Quelle {n}: {title}",
  untitled: "Ohne Titel",
  notFound: "Nichts hier beantwortet diese Frage. Stellen Sie sie anders, oder suchen Sie nach einem Wort daraus.",
  helpful: "War das hilfreich?",
  yes: "Ja",
  no: "Nein",
  thanks: "Danke.",
  again: "Erneut versuchen",
  offline: "Sie sind offline. Prüfen Sie die Verbindung, und versuchen Sie es erneut.",
  unreachable: "Die Suche ist nicht erreichbar. Prüfen Sie die Verbindung, und versuchen Sie es erneut.",
  slow: "Das hat zu lange gedauert. Bitte versuchen Sie es erneut.",
  limited: "Zu viele Anfragen. Warten Sie {n} Sekunden, und versuchen Sie es erneut.",
  budget: "Heute werden keine Fragen mehr beantwortet. Die Suche geht weiter: Geben Sie ein Wort Ihrer Frage ein.",
  spent: "Die Suche ist für heute aufgebraucht. Bitte kommen Sie morgen wieder.",
  unavailable: "Das ist gerade nicht verfügbar. Versuchen Sie es gleich noch einmal.",
  refused: "Die Suche ist für diese Seite nicht eingerichtet. Bitte sagen Sie es dem Betreiber der Seite.",
  rejected: "Danach kann nicht gesucht werden. Schreiben Sie es kürzer oder anders.",
  failed: "Etwas ist schiefgegangen. Bitte versuchen Sie es erneut.",
  helpfulFailed: "Das konnte nicht gesendet werden. Bitte versuchen Sie es erneut.",
};

const SPANISH: Words = {
  label: "Buscar o hacer una pregunta",
  placeholder: "Buscar o preguntar",
  ask: "Preguntar",
  clear: "Borrar",
  results: "Resultados",
  found: "Resultados: {n}",
  none: "No se ha encontrado nada. Hágalo como pregunta o pruebe con otras palabras.",
  noneSearch: "No se ha encontrado nada. Pruebe con otras palabras.",
  hint: "Intro pregunta. Las flechas eligen un resultado.",
  asking: "Buscando una respuesta …",
  waiting: "Tarda más de lo habitual. Espere, por favor …",
  answer: "Respuesta",
  sources: "Fuentes",
  source: "Fuente {n}: {title}",
  untitled: "Sin título",
  notFound: "Nada de lo publicado responde a esa pregunta. Formúlela de otra manera o busque una de sus palabras.",
  helpful: "¿Le ha servido?",
  yes: "Sí",
  no: "No",
  thanks: "Gracias.",
  again: "Reintentar",
  offline: "No hay conexión. Compruébela y vuelva a intentarlo.",
  unreachable: "No se puede acceder a la búsqueda. Compruebe la conexión y vuelva a intentarlo.",
  slow: "Ha tardado demasiado. Vuelva a intentarlo.",
  limited: "Demasiadas peticiones. Espere {n} segundos y vuelva a intentarlo.",
  budget: "Hoy no se responden más preguntas. La búsqueda sigue: escriba una palabra de su pregunta.",
  spent: "La búsqueda se ha agotado por hoy. Vuelva mañana.",
  unavailable: "No está disponible en este momento. Vuelva a intentarlo enseguida.",
  refused: "La búsqueda no está configurada para esta página. Avise a quien la gestiona.",
  rejected: "Eso no se puede buscar. Escríbalo más corto o con otras palabras.",
  failed: "Algo ha fallado. Vuelva a intentarlo.",
  helpfulFailed: "No se ha podido enviar. Vuelva a intentarlo.",
};

const LANGUAGES: Record<string, Words> = { en: ENGLISH, de: GERMAN, es: SPANISH };

/** Returns the words of a language tag (English for one that is not known), with a page's own in place of some. */
export function wordsOf(tag: string, own: string | null): { language: string; words: Words } {
  const wanted = tag.toLowerCase().split("-")[0] ?? "";
  const language = wanted in LANGUAGES ? wanted : "en";
  const words = { ...(LANGUAGES[language] ?? ENGLISH) };
  for (const [name, said] of Object.entries(readOwn(own))) {
    if (name in words && typeof said === "string") words[name as keyof Words] = said;
  }
  return { language, words };
}

/** Puts values into the places of a text that are named in braces. */
export function filled(words: string, values: Record<string, string | number>): string {
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

function readOwn(own: string | null): object {
  if (!own) return {};
  try {
    const said: unknown = JSON.parse(own);
    if (typeof said === "object" && said !== null) return said;
  } catch {
    // Told below: a page whose words can't be read still has a widget.
  }
  console.warn("<knowledge-widget>: the attribute `strings` is no JSON object, so it is left out.");
  return {};
}
