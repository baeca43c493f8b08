/** What visitors asked, where a source keeps it. */

import { Listing } from "../listing.js";
import type { DeletedQuestionResponse, Question, UnansweredGroup } from "../models.js";
import type { Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, whole } from "./resource.js";

/** `client.questions`. */
export class Questions extends Resource {
  /** List what was asked and searched for, the newest first. */
  list(query: ListQuery<"list_questions"> = {}): Listing<Question> {
    return new Listing(this.api, "/v1/questions", "questions", query);
  }

  /** List what had no answer, in groups; `answers()` of the listing has what was looked at. */
  unanswered(query: ListQuery<"list_unanswered_questions"> = {}): Listing<UnansweredGroup> {
    return new Listing(this.api, "/v1/questions/unanswered", "unanswered", query);
  }

  /** Delete a question. */
  async delete(questionId: string, writing: Writing = {}): Promise<DeletedQuestionResponse> {
    return whole(await this.api.write("DELETE", pathTo("questions", questionId), undefined, writing));
  }
}
