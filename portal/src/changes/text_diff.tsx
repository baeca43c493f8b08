/** Two texts as one, with what was taken out and put in. Long unchanged parts are folded until they are asked for. */

import { useMemo, useState } from "preact/hooks";
import { t } from "../messages/index.js";
import { compareTexts, folded, type Piece } from "./compare_texts.js";

/** How many characters of what is unchanged are shown beside a change. */
const BESIDE = 240;

export function TextDiff({ before, after }: { before: string; after: string }) {
  const pieces = useMemo(() => compareTexts(before, after), [before, after]);
  return (
    <div class="text-diff" dir="auto">
      {pieces.map((piece, index) => <Shown key={index} piece={piece} first={index === 0} last={index === pieces.length - 1} />)}
    </div>
  );
}

function Shown({ piece: { kind, text }, first, last }: { piece: Piece; first: boolean; last: boolean }) {
  const [open, setOpen] = useState(false);
  if (kind === "added") return <ins>{text}</ins>;
  if (kind === "removed") return <del>{text}</del>;
  const fold = open || (first && last) ? null : folded(text, first, last, BESIDE);
  if (fold === null) return <>{text}</>;
  return (
    <>
      {fold.head}
      <button type="button" class="unfold" onClick={() => setOpen(true)}>{t("changes.unfold", { n: fold.hidden })}</button>
      {fold.tail}
    </>
  );
}
