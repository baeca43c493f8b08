"""Words that make a question of a sentence, and those of every sentence: they don't say what it is about. Pure.

Of languages that are not named here all words of a question weigh alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from search.languages.choice import PLAIN

_WORD = re.compile(r"[^\W_]+")
Analyze = Callable[[str, str], list[str]]

_WORDS = {
    "en": "a about after also am an and another any anything are aren as at be been before being but by can could "
    "did didn do does doesn don each even ever every for from get had happen happens has have he her here him "
    "his how i if in into is isn it its just like ll long many may me more most much my need never no not now "
    "of often on one only or other our out please re s she should so some somebody someone something still "
    "such t tell than that the their them there these they this those to too until up us ve very want was way "
    "we were what when where which who whom whose why will with won would yes you your",
    "de": "ab aber als am an andere auch auf aus bei bin bis bitte brauche da dann das dass dem den denn der des "
    "die diese diesem diesen dieser dieses dort du durch ein eine einem einen einer eines er es etwas euch "
    "für gab geht gibt habe haben hat hatte hatten hier ich ihm ihn ihr im in ist ja jede jeder jedes jemand "
    "jetzt kann kannst kein keine keinen können lange man mehr mein meine meinem meinen meiner mir mit muss "
    "möchte nach nein nicht nie noch nur oder oft schon sehr sein seine seit sich sie sind soll um und uns "
    "unter viel viele vom von vor wann war waren warum was welche welchem welchen welcher welches wem wen "
    "wenn wer werden weshalb wessen wie wieso will wir wird wo wodurch woher wohin womit wurde wurden zu zum "
    "zur über",
    "fr": "à au aux avec ce ces cette combien comment d dans de des du elle en est et être faire faut il ils j je l "
    "la le les leur ma mes mon n ne nous on ou où par pas peut peux pour pourquoi puis qu quand que quel "
    "quelle quelles quels qui quoi s sa ses si son sont sur t un une vous votre y a ai as été",
    "es": "a al como cómo con cual cuál cuales cuáles cuando cuándo cuanta cuánta cuantas cuántas cuanto cuánto "
    "cuantos cuántos de del desde donde dónde el él ella en es esta está este esto fue ha hay la las le lo "
    "los me mi mis no o para pero por porque puede puedo que qué quien quién quienes quiénes se ser si sin "
    "son su sus tengo tiene un una y",
    "it": "a ai al alla alle che chi ci come con cosa cui da dal dalla dei del della delle di dove e è fu gli ha ho "
    "i il in io la le lo ma mi mia mio nel nella non o per perché più posso può qual quale quali quando "
    "quanta quante quanti quanto quella questo se si sono su sua suo un una uno",
    "pt": "a ao aos as com como da das de do dos e é ela ele em está eu foi há isso mais meu minha na não nas no "
    "nos o onde os ou para pela pelo por porque posso pode qual quais quando quanta quantas quanto quantos "
    "que quem se ser seu sua são tem tenho um uma você",
    "nl": "aan als bij dan dat de deze die dit door een en er heb heeft hebben het hij hoe hoeveel ik in is je kan "
    "kun kunnen maar me met mijn moet naar niet of om onze op te tot u uit van veel voor waar waarom waarvan "
    "wanneer wat we welk welke werd wie wij worden wordt ze zijn zo",
    "sv": "av att de den det du då efter en ett finns från för ha han har hur hur i inte jag kan man med men min "
    "mitt mina många mycket när någon och om på sig ska som till var varför varifrån vad vem vems vi vid "
    "vilka vilken vilket är",
    "da": "af at de den der det du efter en er et fra for har han hun hvad hvem hvilke hvilken hvilket hvis hvor "
    "hvordan hvorfor hvornår i ikke jeg kan man mange med meget men min mit mine når og om på sig skal som "
    "til var ved vi",
    "no": "av at de den det du etter en er et fra for har han hun hva hvem hvilke hvilken hvilket hvis hvor hvordan "
    "hvorfor i ikke jeg kan man mange med mye men min mitt mine når og om på seg skal som til var ved vi",
    "ru": "а был была были было быть в вам вас ваш вы где для до его ее если есть же за и из или их к как какая "
    "какие какой каков каком когда которая которые который кто куда ли меня мне могу можно мой моя мы на не "
    "но о об он она они откуда от по почему при с сколько со так также то у чей чем что чтобы это я",
    "tr": "ben bir bu da de en hangi için ile kaç kadar kim mi mı mu mü ne neden nerede nereye nasıl niçin niye "
    "olan olarak olur ve veya ya zaman",
    "ar": "أن إلى التي الذي أين أي أنا على عن في كان كانت كم كيف لا لماذا ما ماذا متى من مع هل هو هي هذا هذه و يمكن لم",
    "cjk": "什么 甚麼 什麼 哪里 哪裡 哪个 哪個 哪些 哪种 哪一 多少 怎么 怎麼 怎样 如何 何时 為何 为何 为什么 為什麼 "
    "是否 是谁 可以 我们 我的 的是 是什 了多 有多 請問 请问 ですか ますか どこ いつ なぜ どの どう どれ 何を "
    "何が 何で だれ いくら 方法 어디 언제 누구 무엇 어떻게 얼마 왜",
}


def question_words(analysis: str, question: str, analyze: Analyze) -> frozenset[str]:
    """Return them as `analyze` tells the words of a text, such as without endings.

    Where nobody knows the language, it is the one that has most words of the question.
    """
    language = language_of(question) if analysis == PLAIN else analysis
    return _analyzed(language, analysis, analyze)


def language_of(question: str) -> str:
    """Return the language that has most of such words in a question."""
    asked = set(_words(question))
    return max(_WORDS, key=lambda language: len(asked.intersection(_WORDS[language].split())))


def searched_text(question: str) -> str:
    """Return a question without such words, to be searched for; all of it when nothing else is in it."""
    weak = frozenset(_WORDS[language_of(question)].split())
    kept = [word for word in _words(question) if word not in weak]
    return " ".join(kept) if kept else question


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


@cache
def _analyzed(language: str, analysis: str, analyze: Analyze) -> frozenset[str]:
    return frozenset(word for each in _WORDS.get(language, "").split() for word in analyze(analysis, each))
