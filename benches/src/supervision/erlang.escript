#!/usr/bin/env escript
%%! +S 1:1
%% The work of the bench `supervision` in Erlang/OTP: prints wall and processor time in microseconds.
-module(supervision_bench).
-mode(compile).
-behaviour(supervisor).
-export([main/1, init/1, start_idle/0, start_crashing/1, start_branch/1, idle/1, crashing/2]).

main([Times | Words]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    Costs = [once(Words) || _ <- lists:seq(1, list_to_integer(Times))],
    {Walls, Cpus} = lists:unzip(Costs),
    io:format("~b ~b~n", [lists:sum(Walls), lists:sum(Cpus)]).

once(["restarts", How, Crashes, Siblings]) ->
    Runs = counters:new(1, []),
    Plan = {list_to_atom(How), list_to_integer(Crashes), Runs, self()},
    {ok, Supervisor} = supervisor:start_link(?MODULE, {restarts, Plan, list_to_integer(Siblings)}),
    Child = receive {filled, Pid} -> Pid end,
    Cost = clocked(fun() -> Child ! go, receive done -> ok end end),
    stop(Supervisor),
    Cost;
once(["tree", Width]) ->
    N = list_to_integer(Width),
    clocked(fun() ->
        {ok, Root} = supervisor:start_link(?MODULE, {root, N}),
        stop(Root)
    end).

clocked(Work) ->
    Wall = erlang:monotonic_time(microsecond),
    {Cpu, _} = statistics(runtime),
    Work(),
    {CpuThen, _} = statistics(runtime),
    {erlang:monotonic_time(microsecond) - Wall, (CpuThen - Cpu) * 1000}.

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, _} -> ok end.

init({restarts, {_, Crashes, _, _} = Plan, Siblings}) ->
    Strategy = case Siblings of 0 -> one_for_one; _ -> one_for_all end,
    Idle = [idle_spec(N) || N <- lists:seq(1, Siblings)],
    Child = #{id => child, start => {?MODULE, start_crashing, [Plan]}},
    Flags = #{strategy => Strategy, intensity => 2 * Crashes + 1, period => 3600},
    {ok, {Flags, Idle ++ [Child]}};
init({root, N}) ->
    {ok, {#{}, [#{id => B, start => {?MODULE, start_branch, [N]}, type => supervisor} || B <- lists:seq(1, N)]}};
init({branch, N}) ->
    {ok, {#{}, [idle_spec(L) || L <- lists:seq(1, N)]}}.

idle_spec(N) -> #{id => {idle, N}, start => {?MODULE, start_idle, []}}.

start_branch(N) -> supervisor:start_link(?MODULE, {branch, N}).

start_idle() -> proc_lib:start_link(?MODULE, idle, [self()]).

idle(Parent) ->
    proc_lib:init_ack(Parent, {ok, self()}),
    receive never -> ok end.

start_crashing(Plan) -> proc_lib:start_link(?MODULE, crashing, [self(), Plan]).

%% An error is an exit with a reason, a panic an exception with its stack.
crashing(Parent, {How, Crashes, Runs, Bench}) ->
    proc_lib:init_ack(Parent, {ok, self()}),
    Run = counters:get(Runs, 1),
    counters:add(Runs, 1, 1),
    case Run of
        Crashes -> Bench ! {filled, self()}, receive go -> ok end;
        _ -> ok
    end,
    case {Run, How} of
        {_, _} when Run =:= 2 * Crashes -> Bench ! done, receive never -> ok end;
        {_, error} -> exit(as_told);
        {_, panic} -> error(as_told)
    end.
